import { expect } from 'vitest';
import { type Bench, bodiesOf, named } from './sqs-bench.ts';

const text = (StringValue: string) => ({ DataType: 'String', StringValue });
const threeAttributes = { General: text('Kenobi'), Hello: text('There'), 'Help.Me': text('Me') };
const megabyte = 1_048_576;

/** What a server owes about the content of messages. The checksums of attributes were calculated by AWS. */
export const messageBehaviours = {
  async 'a message comes as it was sent, with the checksums of SQS'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    const sent = await send(url, 'msg', { MessageAttributes: threeAttributes });
    expect(sent).toMatchObject({
      MD5OfMessageBody: '6e2baaf3b97dbeef01c0043275f9a0e7',
      MD5OfMessageAttributes: '4c360f3fdafd970e05fae2f149d997f5',
      MessageId: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
    });
    expect(await receive(url, { MessageAttributeNames: ['All'] })).toMatchObject([
      {
        MessageId: sent.MessageId,
        Body: 'msg',
        MD5OfBody: '6e2baaf3b97dbeef01c0043275f9a0e7',
        MessageAttributes: threeAttributes,
        MD5OfMessageAttributes: '4c360f3fdafd970e05fae2f149d997f5',
        ReceiptHandle: expect.any(String),
      },
    ]);
  },

  async 'an attribute may hold bytes'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    const bytes = Buffer.from('traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01');
    const attr1 = { DataType: 'Binary', BinaryValue: bytes };
    const { MD5OfMessageAttributes } = await send(url, 'test', { MessageAttributes: { attr1 } });
    expect(MD5OfMessageAttributes).toBe('8cbe4db156db8a94db8b801b7addb984');
    const [message] = await receive(url, { MessageAttributeNames: ['attr1'] });
    expect(Buffer.from(message?.MessageAttributes?.attr1?.BinaryValue ?? [])).toEqual(bytes);
  },

  async 'only the attributes asked for by name come, with a checksum of their own'({
    createQueue,
    send,
    receive,
  }: Bench) {
    const url = await createQueue({ VisibilityTimeout: '0' });
    await send(url, 'msg', { MessageAttributes: threeAttributes });
    const asked: [names: string[], md5: string | undefined][] = [
      [['.*'], '4c360f3fdafd970e05fae2f149d997f5'],
      [['General', 'Hello'], 'fca026605781cb4126a1e9044df24232'],
      [['Hello', 'Foo'], 'a311262e065454b75da111d535b8dacd'],
      [['Foo'], undefined],
    ];
    for (const [MessageAttributeNames, md5] of asked) {
      const [message] = await receive(url, { MessageAttributeNames });
      expect([MessageAttributeNames, message?.MD5OfMessageAttributes]).toEqual([MessageAttributeNames, md5]);
    }
  },

  async 'attributes can be asked for by the beginning of their names'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    await send(url, 'msg', { MessageAttributes: threeAttributes });
    const [message] = await receive(url, { MessageAttributeNames: ['Hel.*'] });
    expect(message?.MD5OfMessageAttributes).toBe('83fee93c1bcd8b9a5a923ffacdc636c7');
    expect(Object.keys(message?.MessageAttributes ?? {}).sort()).toEqual(['Hello', 'Help.Me']);
  },

  async 'attributes that nobody asked for do not come'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    await send(url, 'msg', { MessageAttributes: threeAttributes });
    const [message] = await receive(url);
    expect([message?.MessageAttributes, message?.MD5OfMessageAttributes, message?.Attributes]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  },

  async 'the service tells when and how often a message was sent and received'({ createQueue, send, receive }: Bench) {
    const url = await createQueue({ VisibilityTimeout: '0' });
    await send(url, 'msg');
    const [first] = await receive(url, { MessageSystemAttributeNames: ['All'] });
    const [second] = await receive(url, { MessageSystemAttributeNames: ['All'] });
    const ms = expect.stringMatching(/^\d{13}$/);
    expect(first?.Attributes).toMatchObject({
      ApproximateReceiveCount: '1',
      SentTimestamp: ms,
      ApproximateFirstReceiveTimestamp: ms,
      SenderId: expect.any(String),
    });
    expect(second?.Attributes).toEqual({ ...first?.Attributes, ApproximateReceiveCount: '2' });
    const [third] = await receive(url, { MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    expect(third?.Attributes).toEqual({ ApproximateReceiveCount: '3' });
  },

  async 'a trace travels with its message'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    const trace = 'Root=1-67891233-abcdef012345678912345678';
    const sent = await send(url, 'msg', { MessageSystemAttributes: { AWSTraceHeader: text(trace) } });
    expect(sent.MD5OfMessageSystemAttributes).toMatch(/^[\da-f]{32}$/);
    const [message] = await receive(url, { MessageSystemAttributeNames: ['AWSTraceHeader'] });
    expect(message?.Attributes).toEqual({ AWSTraceHeader: trace });
  },

  async 'a message may be in any script'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    await send(url, 'Größe ключ 大きさ\t\r\n');
    expect(bodiesOf(await receive(url))).toEqual(['Größe ключ 大きさ\t\r\n']);
  },

  async 'a message may hold characters beyond the first plane'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    await send(url, '🎉');
    expect(bodiesOf(await receive(url))).toEqual(['🎉']);
  },

  async 'characters that XML does not know are refused'({ createQueue, send }: Bench) {
    const url = await createQueue();
    for (const body of ['\u0000', 'a\u001F', '\uFFFE', '\uFFFF']) {
      await expect(send(url, body)).rejects.toMatchObject(named('InvalidMessageContents'));
    }
  },

  async 'an empty message is refused'({ createQueue, send }: Bench) {
    await expect(send(await createQueue(), '')).rejects.toMatchObject(named('MissingParameter'));
  },

  async 'a message has at most 1 MiB, in bytes'({ createQueue, send, receive }: Bench) {
    const url = await createQueue();
    const tooLong = { ...named('InvalidParameterValue'), message: expect.stringContaining('1048576 bytes') };
    await expect(send(url, 'x'.repeat(megabyte + 1))).rejects.toMatchObject(tooLong);
    await expect(send(url, `${'x'.repeat(megabyte - 1)}ä`)).rejects.toMatchObject(tooLong);
    await send(url, 'ä'.repeat(megabyte / 2));
    const [message] = await receive(url);
    expect(message?.Body?.length).toBe(megabyte / 2);
  },

  async 'attributes count for the size'({ createQueue, send }: Bench) {
    const url = await createQueue();
    const MessageAttributes = { ab: text('cd') };
    await send(url, 'x'.repeat(megabyte - 10), { MessageAttributes });
    await expect(send(url, 'x'.repeat(megabyte - 9), { MessageAttributes })).rejects.toMatchObject(
      named('InvalidParameterValue'),
    );
  },

  async 'a queue may take less'({ createQueue, send }: Bench) {
    const url = await createQueue({ MaximumMessageSize: '1024' });
    await send(url, 'x'.repeat(1_024));
    await expect(send(url, 'x'.repeat(1_025))).rejects.toMatchObject({
      ...named('InvalidParameterValue'),
      message: expect.stringContaining('1024 bytes'),
    });
  },
};
