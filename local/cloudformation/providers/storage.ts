import { CreateAliasCommand, CreateKeyCommand, EnableKeyRotationCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type BucketLocationConstraint,
  type ObjectLockRetentionMode,
  type TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { TemplateError } from '../intrinsics';
import { strictly, withoutEffect } from '../properties';
import { physicalName, type Provider } from '../provider';

const BucketProperties = z.object({
  BucketName: z.string().optional(),
  VersioningConfiguration: z.object({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  BucketEncryption: z
    .object({
      ServerSideEncryptionConfiguration: z.array(
        z.object({
          BucketKeyEnabled: z.boolean().optional(),
          ServerSideEncryptionByDefault: z.object({
            SSEAlgorithm: z.enum(['AES256', 'aws:kms', 'aws:kms:dsse']),
            KMSMasterKeyID: z.string().optional(),
          }),
        }),
      ),
    })
    .optional(),
  PublicAccessBlockConfiguration: z.record(z.string(), z.boolean()).optional(),
  LifecycleConfiguration: z.object({ Rules: z.array(z.record(z.string(), z.unknown())) }).optional(),
  ObjectLockEnabled: z.boolean().default(false),
  ObjectLockConfiguration: z
    .object({
      Rule: z.object({
        DefaultRetention: z.object({
          Mode: z.string(),
          Days: z.number().optional(),
          Years: z.number().optional(),
        }),
      }),
    })
    .optional(),
  ...withoutEffect('LoggingConfiguration', 'OwnershipControls', 'Tags'),
});

/** The template's words for a lifecycle rule are not the API's. */
const LifecycleRule = z
  .strictObject({
    Id: z.string(),
    Status: z.enum(['Enabled', 'Disabled']),
    Prefix: z.string().default(''),
    AbortIncompleteMultipartUpload: z.object({ DaysAfterInitiation: z.number() }).optional(),
    ExpirationInDays: z.number().optional(),
    ExpiredObjectDeleteMarker: z.boolean().optional(),
    NoncurrentVersionExpiration: z.object({ NoncurrentDays: z.number() }).optional(),
    TransitionDefaultMinimumObjectSize: z.custom<TransitionDefaultMinimumObjectSize>().optional(),
  })
  .transform(({ Id, Status, Prefix, ExpirationInDays, ExpiredObjectDeleteMarker, ...rest }) => ({
    ID: Id,
    Status,
    Filter: { Prefix },
    AbortIncompleteMultipartUpload: rest.AbortIncompleteMultipartUpload,
    NoncurrentVersionExpiration: rest.NoncurrentVersionExpiration,
    ...(ExpirationInDays !== undefined || ExpiredObjectDeleteMarker !== undefined
      ? { Expiration: { Days: ExpirationInDays, ExpiredObjectDeleteMarker } }
      : {}),
  }));

export const bucketProvider: Provider = {
  treatment: 'executed',
  note: 'a bucket of the emulator; encryption and lifecycle are kept as set, not carried out',
  async make(request, { clients: { s3 }, region, buckets }) {
    const properties = strictly(BucketProperties, request);
    const name = properties.BucketName ?? physicalName(request).toLowerCase();
    const bucket = { Bucket: name };
    await s3.send(
      new CreateBucketCommand({
        ...bucket,
        CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint },
        ObjectLockEnabledForBucket: properties.ObjectLockEnabled,
      }),
    );
    if (properties.VersioningConfiguration) {
      await s3.send(
        new PutBucketVersioningCommand({
          ...bucket,
          VersioningConfiguration: properties.VersioningConfiguration,
        }),
      );
    }
    const encryption = properties.BucketEncryption?.ServerSideEncryptionConfiguration;
    if (encryption) {
      const rules = encryption.map(({ BucketKeyEnabled, ServerSideEncryptionByDefault }) => ({
        BucketKeyEnabled,
        ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault,
      }));
      await s3.send(
        new PutBucketEncryptionCommand({ ...bucket, ServerSideEncryptionConfiguration: { Rules: rules } }),
      );
    }
    if (properties.PublicAccessBlockConfiguration) {
      await s3.send(
        new PutPublicAccessBlockCommand({
          ...bucket,
          PublicAccessBlockConfiguration: properties.PublicAccessBlockConfiguration,
        }),
      );
    }
    if (properties.LifecycleConfiguration) {
      const rules = properties.LifecycleConfiguration.Rules.map((rule) => LifecycleRule.parse(rule));
      await s3.send(
        new PutBucketLifecycleConfigurationCommand({ ...bucket, LifecycleConfiguration: { Rules: rules } }),
      );
    }
    if (properties.ObjectLockConfiguration) {
      const { Mode, ...period } = properties.ObjectLockConfiguration.Rule.DefaultRetention;
      await s3.send(
        new PutObjectLockConfigurationCommand({
          ...bucket,
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: Mode as ObjectLockRetentionMode, ...period } },
          },
        }),
      );
    }
    buckets.set(request.path, name);
    return {
      ref: name,
      attributes: {
        Arn: `arn:aws:s3:::${name}`,
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
      },
    };
  },
};

const KeyProperties = z.object({
  Description: z.string().optional(),
  KeyPolicy: z.record(z.string(), z.unknown()),
  EnableKeyRotation: z.boolean().default(false),
  ...withoutEffect('Tags', 'PendingWindowInDays', 'RotationPeriodInDays'),
});

export const keyProvider: Provider = {
  treatment: 'executed',
  note: 'a key of the emulator',
  async make(request, { clients: { kms } }) {
    const { Description, KeyPolicy, EnableKeyRotation } = strictly(KeyProperties, request);
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ Description, Policy: JSON.stringify(KeyPolicy) }),
    );
    if (!KeyMetadata?.KeyId || !KeyMetadata.Arn)
      throw new TemplateError('the emulator made a key without an id');
    if (EnableKeyRotation) {
      await kms.send(new EnableKeyRotationCommand({ KeyId: KeyMetadata.KeyId }));
    }
    return { ref: KeyMetadata.KeyId, attributes: { Arn: KeyMetadata.Arn, KeyId: KeyMetadata.KeyId } };
  },
};

const AliasProperties = z.object({ AliasName: z.string(), TargetKeyId: z.string() });

export const keyAliasProvider: Provider = {
  treatment: 'executed',
  note: 'a name that the emulator knows the key by',
  async make(request, { clients: { kms } }) {
    const { AliasName, TargetKeyId } = strictly(AliasProperties, request);
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
    return { ref: AliasName };
  },
};
