import { ActionIcon, Code, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './copyable.module.css';

/** Text to take along: commands, tokens, code. */
export function Copyable({ text, label }: { text: string; label: string }) {
  return (
    <div className={classes['frame']}>
      <Code block className={classes['text']!} tabIndex={0} aria-label={label}>{text}</Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon className={classes['button']!} variant="default" onClick={copy} aria-label={`Copy: ${label}`}>{copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}</ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  );
}
