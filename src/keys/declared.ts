/** What a declaration says of its entity's keys. */
import { indexName, type KeyTemplates } from "../table/table.js";

interface DeclaredIndex {
  readonly index?: string;
  readonly collection?: string | readonly string[];
  readonly pk: { readonly template?: string };
  readonly sk?: { readonly template?: string };
}

/** An entity's schema, as ElectroDB takes it: of it, what the layer reads. */
export interface DeclaredSchema {
  readonly model: { readonly entity: string };
  readonly attributes: Readonly<Record<string, object>>;
  readonly indexes: { readonly byKey: DeclaredIndex } & Readonly<Record<string, DeclaredIndex>>;
}

/** The key templates of the table, and those of the index if it holds the entity. */
export function templatesOf({ indexes }: Pick<DeclaredSchema, "indexes">): KeyTemplates {
  const { byKey } = indexes;
  const second = Object.values(indexes).find(({ index }) => index === indexName);
  return {
    pk: byKey.pk.template ?? "",
    sk: byKey.sk?.template ?? "",
    ...(second !== undefined && { gsi1pk: second.pk.template, gsi1sk: second.sk?.template }),
  };
}
