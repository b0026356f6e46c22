/**
 * The peers, each used as its own documentation shows, on the same answers. JavaScript, since
 * they are not in the package's install: their types are not there to be checked.
 */
import { createRequire } from "node:module";
import { DynamoDB, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

const require = createRequire(import.meta.url);
const versionOf = (name) => require(`./node_modules/${name}/package.json`).version;
const indexes = (count) => Array.from({ length: count }, (_, index) => index);
const dataKey = { PK: "USER#u1", SK: "CONTENT#c0" };
const keys = indexes(100).map((index) => ({ PK: "USER#u1", SK: `CONTENT#c${index}` }));

/** @returns a contestant, as contestants.ts describes it */
export function openPeer(id, open) {
  return { toolbox, oneTable, dynamode, dynamoose }[id](open);
}

async function toolbox({ config, rawItem, tableName }) {
  const { Table } = require("dynamodb-toolbox/table");
  const { Entity } = require("dynamodb-toolbox/entity");
  const schema = require("dynamodb-toolbox/schema");
  const get = require("dynamodb-toolbox/entity/actions/get");
  const put = require("dynamodb-toolbox/entity/actions/put");
  const update = require("dynamodb-toolbox/entity/actions/update");
  const remove = require("dynamodb-toolbox/entity/actions/delete");
  const batchGet = require("dynamodb-toolbox/entity/actions/batchGet");
  const batchPut = require("dynamodb-toolbox/entity/actions/batchPut");
  const query = require("dynamodb-toolbox/table/actions/query");
  const tableGet = require("dynamodb-toolbox/table/actions/batchGet");
  const tableWrite = require("dynamodb-toolbox/table/actions/batchWrite");
  const { item, string, number, map, list, boolean } = schema;
  const documentClient = DynamoDBDocumentClient.from(new DynamoDBClient(config));
  const table = new Table({
    documentClient,
    name: tableName,
    partitionKey: { name: "PK", type: "string" },
    sortKey: { name: "SK", type: "string" },
    entityAttributeSavedAs: "EntityType",
  });
  const entity = new Entity({
    table,
    name: "SavedContent",
    timestamps: false,
    schema: item({
      PK: string().key(),
      SK: string().key(),
      GSI1PK: string(),
      GSI1SK: string(),
      userId: string(),
      contentId: string(),
      CreatedAt: number(),
      UpdatedAt: number(),
      Data: map({
        id: string(),
        type: string(),
        name: string(),
        content: string(),
        projectId: string(),
        metadata: map({ words: number(), tags: list(string()), draft: boolean() }),
        createdAt: string(),
        views: number().optional(),
      }),
    }),
  });
  const readPage = async () => {
    const command = table
      .build(query.QueryCommand)
      .query({ partition: "USER#u1", range: { beginsWith: "CONTENT#" } })
      .entities(entity);
    return (await command.send()).Items;
  };
  const all = async () =>
    (await table.build(query.QueryCommand).query({ partition: "USER#u1" }).entities(entity).send())
      .Items;
  return {
    name: `dynamodb-toolbox ${versionOf("dynamodb-toolbox")}`,
    cells: {
      get: () => entity.build(get.GetItemCommand).key(dataKey).send(),
      put: () =>
        entity
          .build(put.PutItemCommand)
          .item(inputOf(rawItem(0)))
          .send(),
      update: () =>
        entity
          .build(update.UpdateItemCommand)
          .item({ ...dataKey, Data: { name: "new" } })
          .options({ returnValues: "ALL_NEW" })
          .send(),
      add: () =>
        entity
          .build(update.UpdateItemCommand)
          .item({ ...dataKey, Data: { views: update.$add(1) } })
          .options({ returnValues: "ALL_NEW" })
          .send(),
      upsert: () =>
        entity
          .build(update.UpdateItemCommand)
          .item({ ...inputOf(rawItem(0)), Data: { ...rawItem(0).Data, name: "new" } })
          .options({ returnValues: "ALL_NEW" })
          .send(),
      delete: () =>
        entity
          .build(remove.DeleteItemCommand)
          .key(dataKey)
          .options({ returnValues: "ALL_OLD" })
          .send(),
      count100: () =>
        table
          .build(query.QueryCommand)
          .query({ partition: "USER#u1", range: { beginsWith: "CONTENT#" } })
          .entities(entity)
          .options({ select: "COUNT" })
          .send(),
      query100: readPage,
      query1000: readPage,
      batchGet100: async () => {
        const requests = keys.map((key) => entity.build(batchGet.BatchGetRequest).key(key));
        const command = table.build(tableGet.BatchGetCommand).requests(...requests);
        return (await tableGet.execute(command)).Responses[0];
      },
      batchWrite25: () => {
        const requests = indexes(25).map((index) =>
          entity.build(batchPut.BatchPutRequest).item(inputOf(rawItem(index))),
        );
        return tableWrite.execute(table.build(tableWrite.BatchWriteCommand).requests(...requests));
      },
      collection200: all,
    },
  };
}

async function oneTable({ config, rawItem, tableName }) {
  const { Table } = require("dynamodb-onetable");
  const { Dynamo } = require("dynamodb-onetable/Dynamo");
  const table = new Table({
    name: tableName,
    client: new Dynamo({ client: new DynamoDBClient(config) }),
    partial: true,
    schema: {
      format: "onetable:1.1.0",
      version: "0.0.1",
      indexes: { primary: { hash: "PK", sort: "SK" } },
      params: { typeField: "EntityType", timestamps: false, isoDates: false },
      models: {
        SavedContent: {
          PK: { type: "string", value: "USER#${userId}" },
          SK: { type: "string", value: "CONTENT#${contentId}" },
          GSI1PK: { type: "string" },
          GSI1SK: { type: "string" },
          userId: { type: "string", required: true },
          contentId: { type: "string", required: true },
          CreatedAt: { type: "number" },
          UpdatedAt: { type: "number" },
          Data: { type: "object" },
        },
      },
    },
  });
  const model = table.getModel("SavedContent");
  const key = { userId: "u1", contentId: "c0" };
  const inputs = indexes(25).map((index) => ({
    ...inputOf(rawItem(index)),
    EntityType: undefined,
  }));
  const find = () => model.find({ userId: "u1" });
  return {
    name: `OneTable ${versionOf("dynamodb-onetable")}`,
    cells: {
      get: () => model.get(key),
      put: () => model.create(inputs[0], { exists: null }),
      update: () => model.update({ ...key, UpdatedAt: 5 }, { set: { "Data.name": "new" } }),
      add: () => model.update({ ...key, UpdatedAt: 5 }, { add: { "Data.views": 1 } }),
      upsert: () => model.upsert(inputs[0]),
      delete: () => model.remove(key),
      count100: () => model.find({ userId: "u1" }, { count: true }),
      query100: find,
      query1000: find,
      batchGet100: async () => {
        const batch = {};
        for (const index of indexes(100)) {
          await model.get({ userId: "u1", contentId: `c${index}` }, { batch });
        }
        return table.batchGet(batch, { parse: true, hidden: false });
      },
      batchWrite25: async () => {
        const batch = {};
        for (const input of inputs) await model.create(input, { batch, exists: null });
        return table.batchWrite(batch);
      },
      collection200: () => table.queryItems({ PK: "USER#u1" }, { parse: true }),
    },
  };
}

async function dynamode({ config, rawItem, tableName }) {
  const { default: attribute } = require("dynamode/decorators");
  const { default: Entity } = require("dynamode/entity");
  const { default: TableManager } = require("dynamode/table");
  const { default: Dynamode } = require("dynamode/dynamode");
  Dynamode.ddb.set(new DynamoDB(config));
  class Base extends Entity {
    constructor(props) {
      super(props);
      Object.assign(this, props);
    }
  }
  attribute.partitionKey.string()(Base.prototype, "PK");
  attribute.sortKey.string()(Base.prototype, "SK");
  const manager = new TableManager(Base, { tableName, partitionKey: "PK", sortKey: "SK" });
  class SavedContent extends Base {}
  for (const name of ["GSI1PK", "GSI1SK", "EntityType", "userId", "contentId"]) {
    attribute.string()(SavedContent.prototype, name);
  }
  for (const name of ["CreatedAt", "UpdatedAt"]) attribute.number()(SavedContent.prototype, name);
  attribute.object()(SavedContent.prototype, "Data");
  const entity = manager.entityManager(SavedContent);
  const find = async () => {
    const query = entity.query().partitionKey("PK").eq("USER#u1");
    return (await query.sortKey("SK").beginsWith("CONTENT#").run()).items;
  };
  return {
    name: `dynamode ${versionOf("dynamode")}`,
    cells: {
      get: () => entity.get(dataKey),
      put: () => entity.put(new SavedContent(rawItem(0))),
      update: () => entity.update(dataKey, { set: { "Data.name": "new", UpdatedAt: 5 } }),
      add: () => entity.update(dataKey, { increment: { "Data.views": 1 }, set: { UpdatedAt: 5 } }),
      upsert: () => entity.update(dataKey, { set: { Data: rawItem(0).Data, UpdatedAt: 5 } }),
      delete: () => entity.delete(dataKey),
      count100: () =>
        entity
          .query()
          .partitionKey("PK")
          .eq("USER#u1")
          .sortKey("SK")
          .beginsWith("CONTENT#")
          .count()
          .run(),
      query100: find,
      query1000: find,
      batchGet100: async () => (await entity.batchGet(keys)).items,
      batchWrite25: () =>
        entity.batchPut(indexes(25).map((index) => new SavedContent(rawItem(index)))),
    },
  };
}

async function dynamoose({ config, rawItem, tableName }) {
  const library = require("dynamoose");
  library.aws.ddb.set(new library.aws.ddb.DynamoDB(config));
  const schema = new library.Schema(
    {
      PK: { type: String, hashKey: true },
      SK: { type: String, rangeKey: true },
      GSI1PK: String,
      GSI1SK: String,
      EntityType: String,
      userId: String,
      contentId: String,
      CreatedAt: Number,
      UpdatedAt: Number,
      Data: {
        type: Object,
        schema: {
          id: String,
          type: String,
          name: String,
          content: String,
          projectId: String,
          metadata: {
            type: Object,
            schema: { words: Number, tags: { type: Array, schema: [String] }, draft: Boolean },
          },
          createdAt: String,
        },
      },
    },
    {},
  );
  const Model = library.model("SavedContent", schema);
  new library.Table(tableName, [Model], { create: false, waitForActive: false });
  const find = () => Model.query("PK").eq("USER#u1").where("SK").beginsWith("CONTENT#").exec();
  return {
    name: `dynamoose ${versionOf("dynamoose")}`,
    cells: {
      get: () => Model.get(dataKey),
      put: () => Model.create(rawItem(0), { overwrite: true }),
      update: () => Model.update(dataKey, { UpdatedAt: 5 }),
      add: () => Model.update(dataKey, { $ADD: { UpdatedAt: 1 } }),
      upsert: () => Model.update(dataKey, { Data: rawItem(0).Data, UpdatedAt: 5 }),
      delete: () => Model.delete(dataKey),
      count100: () =>
        Model.query("PK").eq("USER#u1").where("SK").beginsWith("CONTENT#").count().exec(),
      query100: find,
      query1000: find,
      batchGet100: () => Model.batchGet(keys),
      batchWrite25: () => Model.batchPut(indexes(25).map(rawItem)),
      collection200: () => Model.query("PK").eq("USER#u1").exec(),
    },
  };
}

/** An item without the attribute that the library writes by itself. */
function inputOf({ EntityType: _, ...item }) {
  return item;
}
