// The process's environment variables and working folder, handed on by each program's start.

export const readEnvironment = (): Readonly<Record<string, string | undefined>> => process.env;

export const workingFolder = (): string => process.cwd();
