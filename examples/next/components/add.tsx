/** A form with one field, `name`. */
export function Add({ what, action }: { what: string; action: (form: FormData) => void }) {
  return (
    <form action={action} className="bar">
      <input
        name="name"
        required
        aria-label={`Name of the new ${what}`}
        placeholder={`New ${what}`}
      />
      <button type="submit" className="primary">
        Add
      </button>
    </form>
  );
}
