/** What AWS Lambda hands to the handler of a table's stream, in the exact form of its JSON. */

/** What a value of each of DynamoDB's types holds. */
export interface LambdaValues {
  S: string;
  N: string;
  BOOL: boolean;
  NULL: boolean;
  B: string;
  L: LambdaValue[];
  M: Record<string, LambdaValue>;
  SS: string[];
  NS: string[];
  BS: string[];
}

/** A value in DynamoDB's form: of one type. Binary is base64. */
export type LambdaValue = {
  [T in keyof LambdaValues]: { [K in T]: LambdaValues[K] } & {
    [K in Exclude<keyof LambdaValues, T>]?: never;
  };
}[keyof LambdaValues];

/** An item, or a key, in DynamoDB's form. */
export type LambdaImage = Record<string, LambdaValue>;

/** A record of a stream, as AWS Lambda hands it on. */
export interface LambdaRecord {
  eventID: string;
  eventName: "INSERT" | "MODIFY" | "REMOVE";
  eventVersion: string;
  eventSource: string;
  awsRegion: string;
  dynamodb: {
    /** Epoch seconds. */
    ApproximateCreationDateTime: number;
    Keys: LambdaImage;
    NewImage?: LambdaImage | undefined;
    OldImage?: LambdaImage | undefined;
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: "NEW_AND_OLD_IMAGES";
  };
  /** Only of an item that DynamoDB removed because it had expired. */
  userIdentity?: { type: string; principalId: string } | undefined;
  eventSourceARN: string;
}

/** An event of AWS Lambda's: what a handler is called with. `@types/aws-lambda` has its type as `DynamoDBStreamEvent`. */
export interface LambdaEvent {
  Records: LambdaRecord[];
}

/** Who removes expired items. */
const timeToLive = { type: "Service", principalId: "dynamodb.amazonaws.com" } as const;

/** The same record, of an item that DynamoDB removed because it had expired. */
export function asExpired(record: LambdaRecord): LambdaRecord {
  return { ...record, userIdentity: { ...timeToLive } };
}

/** A record as an engine's response has it. It differs from Lambda's in these members alone. */
export type EngineRecord = Omit<LambdaRecord, "eventSourceARN" | "userIdentity"> & {
  readonly userIdentity?: { readonly Type?: string; readonly PrincipalId?: string } | null;
};

/** A record of an engine's, as Lambda would hand it on. */
export function lambdaRecordOf(record: EngineRecord, eventSourceARN: string): LambdaRecord {
  const { userIdentity, ...rest } = record;
  const { Type: type, PrincipalId: principalId } = userIdentity ?? {};
  const identity = type && principalId ? { userIdentity: { type, principalId } } : {};
  return { ...rest, ...identity, eventSourceARN };
}
