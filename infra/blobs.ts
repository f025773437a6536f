import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type LifecycleRule } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { expiryClasses, expiryTag } from '../lib/adapters/s3/expiry.ts';
import type { Settings } from './settings.ts';
/** Payloads too large for the table. */
export function createBlobs(scope: Construct, { encryptionKey, removalPolicy }: Settings): Bucket {
  const bucket = new Bucket(scope, 'Blobs', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    ...(encryptionKey
      ? { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }
      : { encryption: BucketEncryption.S3_MANAGED }),
    versioned: false,
    lifecycleRules: lifecycleRules(),
    removalPolicy,
    autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'Only the functions read and write it; access logs would cost more than what they tell',
  });
  return bucket;
}

function lifecycleRules(): LifecycleRule[] {
  const expiries = expiryClasses.map((days) => ({
    id: `expire-after-${days}-days`,
    tagFilters: { [expiryTag]: String(days) },
    expiration: Duration.days(days),
  }));
  return [...expiries, { id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) }];
}
