/** Prints the trail of a listing: `npm run show -- LISTING_ID`. */
import { createData } from "./data.js";
import { trailOf } from "./trail.js";

const [listingId] = process.argv.slice(2);
if (listingId === undefined) throw new Error("npm run show -- LISTING_ID");
const data = createData();
try {
  for (const line of await trailOf(data, listingId)) console.log(line);
} finally {
  await data.close();
}
