// Nominal types for identifiers: a plain string becomes one only through the parser beside its definition.

declare const brand: unique symbol;

export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
