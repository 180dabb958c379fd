// The part of Gherkin that the scenarios of OpenFeature use: backgrounds, outlines with examples, tables and tags.

export interface Step {
  readonly text: string;
  readonly table: readonly (readonly string[])[];
}

export interface Scenario {
  readonly name: string;
  readonly tags: readonly string[];
  readonly steps: readonly Step[];
}

const cells = (line: string) => line.slice(1, -1).split('|').map((cell) => cell.trim().replace(/\\"/g, '"'));
const fill = (text: string, row: { [name: string]: string }) => text.replace(/<([\w ]+)>/g, (whole, name: string) => row[name] ?? whole);

export function scenariosOf(text: string): Scenario[] {
  const background: Step[] = [];
  const scenarios: Scenario[] = [];
  let steps = background;
  let outline: { name: string; tags: string[]; steps: Step[] } | undefined;
  let names: string[] | undefined; // of the columns of examples, once they have come
  let examples = false;
  let tags: string[] = [];
  let exampleTags: string[] = [];
  const finish = () => {
    if (outline && !examples) scenarios.push({ ...outline, steps: [...background, ...outline.steps] });
    outline = undefined;
    examples = false;
  };
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const [, step] = /^(?:Given|When|Then|And|But) (.*)$/.exec(line) ?? [];
    const [, name] = /^Scenario(?: Outline)?: (.*)$/.exec(line) ?? [];
    if (!line || line.startsWith('#')) continue;
    if (line.startsWith('@')) tags.push(...line.split(/\s+/));
    else if (name !== undefined) {
      finish();
      outline = { name, tags, steps: [] };
      steps = outline.steps;
      tags = [];
    } else if (/^Examples:/.test(line)) {
      examples = true;
      names = undefined;
      exampleTags = tags;
      tags = [];
    } else if (line.startsWith('|') && examples) {
      const row = cells(line);
      if (!names) names = row;
      else {
        const values = Object.fromEntries(names.map((column, place) => [column, row[place]!]));
        scenarios.push({
          name: `${outline!.name}: ${row.slice(0, 3).join(', ')}`,
          tags: [...outline!.tags, ...exampleTags],
          steps: [...background, ...outline!.steps.map((one) => ({ text: fill(one.text, values), table: one.table }))],
        });
      }
    } else if (line.startsWith('|')) (steps.at(-1)!.table as string[][]).push(cells(line));
    else if (step !== undefined) steps.push({ text: step.replace(/\\"/g, '"'), table: [] });
    else if (/^(Feature|Background):/.test(line)) tags = [];
    else if (outline || background.length > 0) throw new Error(`line ${index + 1} is not understood: ${line}`);
  }
  finish();
  return scenarios;
}
