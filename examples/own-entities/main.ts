import { createData } from "./data.js";
import { afternoon } from "./office.js";

const data = createData();
try {
  console.log(JSON.stringify(await afternoon(data)));
} finally {
  await data.close();
}
