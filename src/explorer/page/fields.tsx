/** The payload of an item, field by field. */
import type { EntityDescription, FieldDescription, SentItem } from "../protocol.js";
import { jsonText, timeIn, timeText } from "./format.js";
import { SecretValue } from "./secret-value.js";

interface FieldsProps {
  readonly entity: EntityDescription;
  readonly item: SentItem;
}

/** The fields of the schema, and those that the item has besides. */
export function fieldsOf(
  entity: EntityDescription,
  item: Pick<SentItem, "data">,
): FieldDescription[] {
  const known = entity.fields.map(({ name }) => name);
  const others = Object.keys(item.data).filter((name) => !known.includes(name));
  return [...entity.fields, ...others.map(unknownField)];
}

/** What somebody must know who sees an item that was read without the keys. */
export const partialNote =
  "The keys of its secrets are not configured: only the fields that its schema names were read.";

export function Fields({ entity, item }: FieldsProps) {
  const fields = fieldsOf(entity, item);
  const isThere = ({ name }: FieldDescription) =>
    Object.hasOwn(item.data, name) || item.hidden.includes(name);
  const missing = fields.filter((field) => !isThere(field));
  return (
    <section>
      <h3>Payload</h3>
      <dl className="fields">
        {fields.filter(isThere).map((field) => (
          <div key={field.name}>
            <dt>{field.name}</dt>
            <dd>
              <Value field={field} item={item} />
            </dd>
          </div>
        ))}
      </dl>
      {item.partial && <p className="dim">{partialNote}</p>}
      {missing.length > 0 && (
        <p className="dim">Not there: {missing.map(({ name }) => name).join(", ")}</p>
      )}
    </section>
  );
}

const unknownField = (name: string): FieldDescription => ({
  ...{ name, kind: "any", required: false, nullable: true, secret: false },
});

interface ValueProps {
  readonly field: FieldDescription;
  readonly item: SentItem;
}

function Value({ field: { name, kind }, item }: ValueProps) {
  if (item.hidden.includes(name)) return <SecretValue item={item} field={name} />;
  const value = item.data[name];
  if (value === null) return <span className="dim">null</span>;
  if (value === "") return <span className="dim">an empty text</span>;
  const time = timeIn(value, kind);
  if (time !== undefined) {
    return (
      <>
        {timeText(time)} <code className="dim">{jsonText(value, 0)}</code>
      </>
    );
  }
  if (typeof value === "string") return <LongText text={value} />;
  if (typeof value === "object") return <pre>{jsonText(value)}</pre>;
  return <span className="number">{String(value)}</span>;
}

/** Texts longer than this are folded. */
const mostShown = 600;

function LongText({ text }: { readonly text: string }) {
  if (text.length <= mostShown) return <span className="text">{text}</span>;
  return (
    <details className="long">
      <summary>
        <span className="text">{text.slice(0, mostShown)} …</span>
        <span className="dim"> {text.length} characters</span>
      </summary>
      <span className="text">{text.slice(mostShown)}</span>
    </details>
  );
}
