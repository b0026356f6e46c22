import { testUsers } from "../../lib/session";
import { signIn } from "../actions";

export const metadata = { title: "Sign in" };

export default function SignIn() {
  return (
    <main className="sign-in">
      <h1>Who are you?</h1>
      <p className="muted">A test provider: it believes everybody. The two agents are made up.</p>
      <form action={signIn}>
        {testUsers.map(({ id, name }) => (
          <button key={id} type="submit" name="user" value={id} className="card">
            {name}
          </button>
        ))}
      </form>
    </main>
  );
}
