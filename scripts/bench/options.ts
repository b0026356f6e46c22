/** The options of `npm run bench`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { type CellName, cellNames, cellsOverHttp } from "./canned.js";
import { type Over, ways } from "./wires.js";

export const partNames = ["cells", "engine", "growth", "import", "listeners", "tail"] as const;
export type Part = (typeof partNames)[number];

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly cells: readonly CellName[];
  readonly over: readonly Over[];
  readonly quick: boolean;
  readonly peers: boolean;
  readonly write: boolean;
  readonly json: boolean;
}

interface Given extends Omit<BenchOptions, "parts" | "cells" | "over"> {
  readonly only?: Part;
  readonly cells?: readonly CellName[];
  readonly over?: Over;
}

function cellsIn(text: string): readonly CellName[] {
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if (cellNames.includes(name as CellName)) continue;
    throw new InvalidArgumentError(`There is no cell ${name}: ${cellNames.join(", ")}.`);
  }
  return cellNames.filter((name) => names.includes(name));
}

export function benchCommand(): Command {
  return new Command("npm run bench --")
    .description(
      "Measures CPU time per operation against DocumentClient, the peers and the floor, without " +
        "HTTP and over it (cells), gets, bulk puts, the dashboard and a long list on an engine " +
        "(engine), requests and CPU time per item from 100 to a million items (growth), a cold " +
        "import (import), what listeners cost (listeners), and the slowest gets where one answer " +
        "of a hundred is late (tail). It waits a minute for a machine that does nothing else, and " +
        "says if there was none. It all takes about an hour.",
    )
    .option("--quick", "fewer rounds and items: five to ten minutes, and rough", false)
    .option("--no-peers", "without the peers, which are installed in scripts/bench on first use")
    .addOption(new Option("--only <part>", "one part").choices(partNames))
    .addOption(
      new Option("--cells <names>", `these cells alone, and no other part: ${cellNames.join(", ")}`)
        .argParser(cellsIn)
        .conflicts("write"),
    )
    .addOption(
      new Option("--over <way>", "the cells on this way alone, and no other part")
        .choices(ways)
        .conflicts("write"),
    )
    .option("--write", "put the result into docs/performance.md, the plot beside it", false)
    .option("--json", "all figures as one JSON object instead of tables", false);
}

/** Reads the options. @throws CommanderError, if the command does not exit */
export function readOptions(args: readonly string[], command = benchCommand()): BenchOptions {
  const given = command.parse(args, { from: "user" }).opts<Given>();
  const { only, cells, over, quick, peers, write, json } = given;
  const isCells = cells !== undefined || over !== undefined;
  if (isCells && only !== undefined && only !== "cells") {
    command.error(`error: --only ${only} has no cells: leave out --cells and --over`);
  }
  const chosen = cells ?? cellNames;
  if (over === "http" && !chosen.some((cell) => cellsOverHttp.includes(cell))) {
    command.error(`error: over HTTP there are the cells ${cellsOverHttp.join(", ")}`);
  }
  return {
    ...{ quick, peers, write, json, cells: chosen },
    parts: isCells ? ["cells"] : only === undefined ? partNames : [only],
    over: over === undefined ? ways : [over],
  };
}
