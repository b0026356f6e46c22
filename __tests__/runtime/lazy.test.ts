/** The stand-ins for ElectroDB's classes are no different from the classes. */
import * as electrodb from "electrodb";
import { savedContent } from "../../entities/saved-content.js";
import { Entity, Service, z, zod } from "../../src/runtime/lazy.js";

const config = { table: "table" };
const own = () => new electrodb.Entity(savedContent.schema(), config);

test("an entity is ElectroDB's own, with nothing of the stand-in", () => {
  const entity = new Entity(savedContent.schema(), config);
  expect(Object.getPrototypeOf(entity)).toBe(electrodb.Entity.prototype);
  expect(entity).toBeInstanceOf(electrodb.Entity);
  expect(entity).toBeInstanceOf(Entity);
  expect(entity.constructor).toBe(electrodb.Entity);
});

test("ElectroDB's own instances are instances of the stand-in, and others are not", () => {
  expect(own()).toBeInstanceOf(Entity);
  expect(new electrodb.Service({ own: own() }, config)).toBeInstanceOf(Service);
  expect(new Service({ own: own() }, config)).toBeInstanceOf(electrodb.Service);
  expect(own()).not.toBeInstanceOf(Service);
  expect({}).not.toBeInstanceOf(Entity);
});

test("a class that extends it has ElectroDB's methods and its own", () => {
  class Counted extends Entity<string, string, string, ReturnType<typeof savedContent.schema>> {
    readonly count = 1;
    own(): string {
      return this.schema.model.entity;
    }
  }
  const counted = new Counted(savedContent.schema(), config);
  expect(counted).toBeInstanceOf(Counted);
  expect(counted).toBeInstanceOf(electrodb.Entity);
  expect([counted.count, counted.own()]).toEqual([1, "SavedContent"]);
  expect(counted.get({ userId: "u", contentId: "c" }).params()).toMatchObject({
    Key: { PK: "USER#u", SK: "CONTENT#c" },
  });
});

test("the name and the prototype are the class's", () => {
  expect(Entity.name).toBe("Entity");
  expect(Entity.prototype).toBe(electrodb.Entity.prototype);
  expect("prototype" in Entity).toBe(true);
});

test("z has the members of zod", () => {
  expect(z.string).toBe(zod().string);
  expect(z.string().safeParse("text").success).toBe(true);
});
