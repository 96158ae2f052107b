// The process's environment variables, handed on by each program's start to what reads settings.

export const readEnvironment = (): Readonly<Record<string, string | undefined>> => process.env;
