/** What is left of a type after its way through JSON: a Date becomes a string, a class its fields. */
export type Stored<T> = T extends { toJSON(): infer Json }
  ? Json
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends (...args: never[]) => unknown
      ? never
      : T extends object
        ? { [Key in keyof T]: Stored<T[Key]> }
        : T;
