// CodeMirror in a shadow root: there it uses constructed style sheets, which the Content-Security-Policy allows.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { bracketMatching, defaultHighlightStyle, foldGutter, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, linter } from '@codemirror/lint';
import { Compartment, EditorState } from '@codemirror/state';
import { oneDarkHighlightStyle } from '@codemirror/theme-one-dark';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import classes from './code-mirror.module.css';

interface Props {
  value: string;
  onChange?: (text: string) => void;
  label: string;
  readOnly?: boolean;
  minHeight: number;
  maxHeight: number;
  invalid: boolean;
}

export default function CodeMirror({ value, onChange, label, readOnly = false, minHeight, maxHeight, invalid }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const changed = useRef(onChange);
  const look = useRef(new Compartment());
  const fault = useRef(new Compartment());
  const dark = useComputedColorScheme() === 'dark';
  changed.current = onChange;

  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' });
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: value,
        extensions: [
          lineNumbers(), foldGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(), json(),
          ...(readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : [linter(jsonParseLinter()), lintGutter(), highlightActiveLine()]),
          keymap.of([...defaultKeymap, ...historyKeymap, ...(readOnly ? [] : [indentWithTab])]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', ...(readOnly && { 'aria-readonly': 'true', role: 'textbox', 'aria-multiline': 'true' }) }),
          EditorView.theme({
            '&': { fontSize: '13px', backgroundColor: 'transparent' },
            '.cm-scroller': { minHeight: `${minHeight}px`, maxHeight: `${maxHeight}px`, overflow: 'auto', fontFamily: 'var(--mantine-font-family-monospace)' },
            '.cm-gutters': { backgroundColor: 'transparent', border: 'none', color: 'var(--mantine-color-dimmed)' },
            '&.cm-focused': { outline: 'none' },
            '.cm-activeLine': { backgroundColor: 'transparent' },
            '&.cm-focused .cm-activeLine': { backgroundColor: 'color-mix(in srgb, currentColor 6%, transparent)' },
          }),
          look.current.of(lookOf(dark)),
          fault.current.of(faultOf(invalid)),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
    // The text is put in by the next effect.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [label, readOnly, minHeight, maxHeight]);

  useEffect(() => {
    const now = view.current;
    if (now && now.state.doc.toString() !== value) now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => view.current?.dispatch({ effects: look.current.reconfigure(lookOf(dark)) }), [dark]);
  useEffect(() => view.current?.dispatch({ effects: fault.current.reconfigure(faultOf(invalid)) }), [invalid]);

  return <div ref={host} className={classes['editor']} data-invalid={invalid || undefined} data-readonly={readOnly || undefined} />;
}

const faultOf = (invalid: boolean) => EditorView.contentAttributes.of(invalid ? { 'aria-invalid': 'true' } : {});
const lookOf = (dark: boolean) => [EditorView.darkTheme.of(dark), syntaxHighlighting(dark ? oneDarkHighlightStyle : defaultHighlightStyle)];
