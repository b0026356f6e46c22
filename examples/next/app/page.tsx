import { Dashboard } from "../components/dashboard";
import { dataLayer } from "../lib/data";
import { userOfPage } from "../lib/session";

export default async function Page() {
  const data = dataLayer().forUser(await userOfPage());
  return <Dashboard data={await data.dashboard()} />;
}
