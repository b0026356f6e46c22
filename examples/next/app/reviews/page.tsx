import { Reviews } from "../../components/reviews";
import { dataLayer } from "../../lib/data";
import { userOfPage } from "../../lib/session";

export const metadata = { title: "Reviews" };

export default async function Page() {
  const data = dataLayer().forUser(await userOfPage());
  return <Reviews data={await data.brandAuditPage()} />;
}
