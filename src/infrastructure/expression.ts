/** An expression of a template's language that stands as it is: a reference, a call. */
export class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
