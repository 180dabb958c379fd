// Logic while somebody edits it: in the builder where the builder can show it, and else as text. Logic that nobody touches comes
// out as it went in.
import { compileCondition, parseCondition, type Condition, type Json } from './condition';
import { compileTargeting, parseTargeting, type Targeting } from './targeting';

export type LogicDraft<Model> = { mode: 'builder'; model: Model } | { mode: 'code'; text: string };
export type TargetingDraft = LogicDraft<Targeting>;
/** The rule of a segment is one condition. */
export type SegmentDraft = LogicDraft<Condition>;

interface Grammar<Model> {
  parse(logic: Json | undefined): Model | undefined;
  compile(model: Model): Json;
}
export const kTargeting: Grammar<Targeting> = { parse: parseTargeting, compile: compileTargeting };
export const kSegment: Grammar<Condition> = { parse: (logic) => (logic === undefined ? undefined : parseCondition(logic)), compile: compileCondition };

export const logicText = (logic: Json | undefined) => JSON.stringify(logic === undefined ? {} : logic, null, 2);

export function draftOf<Model>(grammar: Grammar<Model>, logic: Json | undefined): LogicDraft<Model> {
  const model = grammar.parse(logic);
  return model === undefined ? { mode: 'code', text: logicText(logic) } : { mode: 'builder', model };
}

/** The logic of a draft, or what is wrong with its text. */
export function logicOf<Model>(grammar: Grammar<Model>, draft: LogicDraft<Model>): { logic: Json; problem?: undefined } | { problem: string } {
  if (draft.mode === 'builder') return { logic: grammar.compile(draft.model) };
  try {
    return { logic: JSON.parse(draft.text) as Json };
  } catch (error) {
    return { problem: `This is no valid JSON: ${(error as Error).message}` };
  }
}

/** The same logic as text. */
export function toCode<Model>(grammar: Grammar<Model>, draft: LogicDraft<Model>): LogicDraft<Model> {
  return draft.mode === 'code' ? draft : { mode: 'code', text: logicText(grammar.compile(draft.model)) };
}

/** The same logic in the builder, if it fits. */
export function toBuilder<Model>(grammar: Grammar<Model>, draft: LogicDraft<Model>): LogicDraft<Model> | undefined {
  if (draft.mode === 'builder') return draft;
  const read = logicOf(grammar, draft);
  const model = read.problem === undefined ? grammar.parse(read.logic) : undefined;
  return model === undefined ? undefined : { mode: 'builder', model };
}
