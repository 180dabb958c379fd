/** The colour of a level, beside its word. */
export const levelColor = (level: string) => ({ success: 'teal', warning: 'orange', error: 'red' })[level] ?? 'blue';
