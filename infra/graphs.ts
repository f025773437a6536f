/** What tasks of graphs may use beside handlers: told to the functions, and allowed to the driver. */
import { Fn, Token } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { GraphProps } from './props.ts';

/** As the functions read it. */
export function graphsText({ hosts = [], functions = [], queues = [] }: GraphProps): string {
  const list = (texts: string[]) => (texts.length === 0 ? '[]' : `["${Fn.join('","', texts)}"]`);
  const arns = list(functions.map(({ functionArn }) => functionArn));
  const urls = list(queues.map(({ queueUrl }) => queueUrl));
  return `{"hosts":${JSON.stringify(hosts)},"functions":${arns},"queues":${urls}}`;
}

export function allowGraphs(driver: LambdaFunction, { functions = [], queues = [] }: GraphProps): void {
  const may = (action: string, resources: string[]) => {
    if (resources.length > 0) driver.addToRolePolicy(new PolicyStatement({ actions: [action], resources }));
  };
  may(
    'lambda:InvokeFunction',
    functions.map(({ functionArn }) => functionArn),
  );
  may(
    'sqs:SendMessage',
    queues.map(({ queueArn }) => queueArn),
  );
}

/** What is wrong with them, each with what to do. */
export function graphProblems({ hosts = [] }: GraphProps): string[] {
  return hosts
    .filter((host) => !Token.isUnresolved(host) && !/^(\*\.)?[\w.-]+(:\d+)?$/.test(host))
    .map(
      (host) =>
        `graphs.hosts has '${host}'; give a host such as 'api.example.com' or '*.example.com', without scheme and path`,
    );
}
