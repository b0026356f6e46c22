/** Recognises the exports that Firestore itself makes, which are not JSON. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ExportError } from "./json-file.js";

const metadata = /\.(?:overall_)?export_metadata$/;
/** What the emulator writes beside its export. */
const emulatorMetadata = "firebase-export-metadata.json";

/**
 * Refuses a managed export, and says how to convert it to JSON.
 * @param path a folder or a file that a person named
 * @param names what the folder holds; none for a file
 * @throws ExportError
 */
export async function refuseManagedExport(path: string, names: readonly string[]): Promise<void> {
  const found = metadata.test(path) ? basename(path) : await metadataIn(path, names);
  if (found === undefined) return;
  const folder = metadata.test(path) ? dirname(path) : path;
  throw new ExportError(
    `${path} is a managed export of Firestore (${found}), in a format that only Google's tools read.
Load it into the Firestore emulator, and export the emulator's documents as JSON:
  firebase emulators:start --only firestore --import ${folder}
  FIRESTORE_EMULATOR_HOST=127.0.0.1:8080 npx -p node-firestore-import-export \\
    firestore-export --accountCredentials service-account.json --backupFile backup.json
Then name backup.json instead.`,
  );
}

async function metadataIn(folder: string, names: readonly string[]): Promise<string | undefined> {
  const here = names.find((name) => metadata.test(name) || name === emulatorMetadata);
  if (here !== undefined) return here;
  // A download of the bucket holds the export in a folder of its own.
  for (const name of names) {
    const below = await readdir(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOTDIR" || error.code === "EACCES") return [];
      throw error;
    });
    const found = below.find((one) => metadata.test(one));
    if (found !== undefined) return join(name, found);
  }
  return undefined;
}
