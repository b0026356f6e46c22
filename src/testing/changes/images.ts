/** Makes the images of stream records: items as a table holds them. */
import { randomUUID } from "node:crypto";
import { reading } from "../../call/call.js";
import { bodyOf } from "../../client/wire-format.js";
import { InputReader } from "../../entity/input.js";
import { type Declaration, type EntityModel, modelOf, refuseIssues } from "../../entity/model.js";
import { isTime, timeRule } from "../../entity/times.js";
import type { LayerSource } from "../../store/layer-source.js";
import { keyOf } from "../../streams/change-of.js";
import type { RawItem } from "../../table/table.js";
import { checkValue } from "../../values/payload.js";
import { rawItemOf } from "../../write/stored-item.js";
import type { LambdaImage } from "./lambda-event.js";

/** An item as a table holds it. */
export interface Image {
  readonly image: LambdaImage;
  /** The parts of its key. */
  readonly key: object;
  readonly bytes: number;
}

/** The item itself is level 1 of its nesting. */
const itemLevel = 1;

/** Makes the images of one entity's items. */
export class ImageMaker {
  readonly #source: LayerSource;
  readonly #operation: string;
  readonly #model: EntityModel;
  readonly #reader: InputReader;

  constructor(source: LayerSource, declaration: Declaration, operation: string) {
    const { clock, encrypts } = source;
    this.#source = source;
    this.#operation = operation;
    this.#model = modelOf(declaration, { clock, encrypts });
    this.#reader = new InputReader(this.#model, { clock, createId: () => randomUUID() });
  }

  /**
   * The image of an item, checked as `put` checks it.
   * @param side where it is in the change: errors name it
   */
  async image(side: string, item: object): Promise<Image> {
    const context = { operation: this.#operation, entity: this.#model.name };
    const stored = reading(context, () => this.#stored(side, { ...item }));
    const input = { Item: this.#source.itemValue(this.#model, stored) };
    const sealed = ((await this.#source.guard.sealed(input, context)) ?? input) as typeof input;
    const { Item } = JSON.parse(bodyOf(sealed, { Item: "map" })) as { Item: LambdaImage };
    const { bytes } = checkValue(sealed.Item, "", itemLevel);
    return { image: Item, key: keyOf(this.#model, stored), bytes };
  }

  #stored(side: string, item: { createdAt?: unknown; updatedAt?: unknown }): RawItem {
    const context = { operation: this.#operation, entity: this.#model.name };
    const { createdAt = this.#source.clock.now(), updatedAt = createdAt } = item;
    const issues = [
      ...this.#reader.issuesOf(item, {}),
      ...(isTime(updatedAt) ? [] : [{ path: "updatedAt", message: timeRule }]),
    ];
    const named = issues.map(({ path, message }) => ({
      path: path === "" ? side : `${side}.${path}`,
      message,
    }));
    refuseIssues(context, named);
    const draft = this.#reader.draft(item, context);
    // Whatever is no time has been refused.
    const times = {
      created: draft.createdAt ?? (createdAt as number),
      updated: updatedAt as number,
    };
    return rawItemOf(this.#model, { ...draft, createdAt: times.created }, times.updated);
  }
}
