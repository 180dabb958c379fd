import classes from './live-dot.module.css';

export type DotColor = 'on' | 'off' | 'warn' | 'bad';

/** A dot that says a state beside a word. It pulses while `live`. */
export function LiveDot({ color, live = false }: { color: DotColor; live?: boolean }) {
  return <span className={classes['dot']} data-color={color} data-live={live || undefined} aria-hidden="true" />;
}
