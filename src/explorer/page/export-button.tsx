/** Hands out the items that are selected, or if none is, all that were read so far. */
import { Download } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { EntityDescription, SentItem } from "../protocol.js";
import { useAbout } from "./about.js";
import { CopyButton } from "./copy-button.js";
import { type ExportFormat, exportFormats, exporting } from "./export-text.js";
import { partialNote } from "./fields.js";
import { counted, plural } from "./format.js";
import { inSlices } from "./slices.js";

/** More than this is in the file, and not on the screen. */
const mostShown = 4_000;

interface ExportButtonProps {
  readonly entity: EntityDescription;
  /** Those that were read so far. */
  readonly items: readonly SentItem[];
  readonly selected: readonly SentItem[];
}

export function ExportButton({ entity, items, selected }: ExportButtonProps) {
  const isPart = selected.length > 0;
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const open = () => {
    setOpen(true);
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" disabled={items.length === 0} onClick={open}>
        <Download aria-hidden />{" "}
        {isPart
          ? `Export ${counted(selected.length)} selected`
          : `Export ${plural(items.length, "item")}`}
      </button>
      <dialog
        ref={dialog}
        className="dialog broad"
        aria-label="Export items"
        onClose={() => setOpen(false)}
      >
        {isOpen && (
          <Export
            entity={entity}
            items={isPart ? selected : items}
            isPart={isPart}
            onClose={() => dialog.current?.close()}
          />
        )}
      </dialog>
    </>
  );
}

interface ExportProps extends Pick<ExportButtonProps, "entity"> {
  readonly items: readonly SentItem[];
  readonly isPart: boolean;
  readonly onClose: () => void;
}

function Export({ entity, items, isPart, onClose }: ExportProps) {
  const [format, setFormat] = useState<ExportFormat>("json");
  const parts = useParts(format, entity, items);
  const isMade = parts !== undefined;
  const isPartial = items.some(({ partial }) => partial);
  const hasSecrets = items.some(({ hidden }) => hidden.length > 0);
  const save = () => {
    inSlices(fileOf(parts ?? []), (file) => {
      const url = URL.createObjectURL(file);
      const link = document.createElement("a");
      link.href = url;
      link.download = `${items[0]?.store ?? "items"}.${exportFormats[format].file}`;
      link.click();
      URL.revokeObjectURL(url);
    });
  };
  return (
    <>
      <h2>Export {plural(items.length, "item")}</h2>
      <p className="dim">
        {isPart
          ? "Those that are selected."
          : "Those that were read so far and fulfil the filters."}
        {hasSecrets && " Secrets are left out."}
        {isPartial && ` ${partialNote}`}
      </p>
      <label>
        <span>As</span>
        <select value={format} onChange={(event) => setFormat(event.target.value as ExportFormat)}>
          {Object.entries(exportFormats).map(([name, { label }]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region takes the focus. */}
      <pre className="result" tabIndex={0}>
        {isMade ? beginningOf(parts) : "The file is being made …"}
      </pre>
      <div className="buttons">
        <CopyButton text={() => parts?.join("") ?? ""} label="Copy all of it" disabled={!isMade} />
        <button type="button" onClick={onClose}>
          Close
        </button>
        <button type="button" className="primary" disabled={!isMade} onClick={save}>
          Save the file
        </button>
      </div>
    </>
  );
}

/** The parts of the file; `undefined` until they are made, which many items take a while for. */
function useParts(
  format: ExportFormat,
  entity: EntityDescription,
  items: readonly SentItem[],
): readonly string[] | undefined {
  const { ownEntities } = useAbout();
  const isOwn = ownEntities?.stores.includes(entity.store) === true;
  const module = isOwn ? ownEntities.module : undefined;
  const [made, setMade] = useState<{ readonly parts: readonly string[]; readonly of: object }>();
  const of = useMemo(() => ({ format, items, entity, module }), [format, items, entity, module]);
  useEffect(() => {
    const steps = exporting(of.format, of.items, of);
    return inSlices(steps, (parts) => setMade({ parts, of }));
  }, [of]);
  return made?.of === of ? made.parts : undefined;
}

/** So many parts are put together in a step. */
const partsInStep = 100;

function* fileOf(parts: readonly string[]): Generator<void, Blob, void> {
  const pieces: Blob[] = [];
  for (let from = 0; from < parts.length; from += partsInStep) {
    pieces.push(new Blob(parts.slice(from, from + partsInStep)));
    yield;
  }
  return new Blob(pieces, { type: "text/plain" });
}

function beginningOf(parts: readonly string[]): string {
  let text = "";
  for (const part of parts) {
    text += part;
    if (text.length > mostShown) return `${text.slice(0, mostShown)}…`;
  }
  return text;
}
