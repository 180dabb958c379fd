import { Button, Code, CopyButton, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

/** Ten codes, shown once: copy them, save them, go on. */
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const text = `${codes.join('\n')}\n`;
  const [file, setFile] = useState('');
  useEffect(() => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    setFile(url);
    return () => URL.revokeObjectURL(url);
  }, [text]);
  return (
    <Stack>
      <Text size="sm">Each opens your account once, without the app. They are not shown again. Keep them where you keep your passwords.</Text>
      <SimpleGrid cols={2} spacing="xs" data-testid="recovery-codes">{codes.map((code) => <Code key={code} ta="center" fz="sm" py={6}>{code}</Code>)}</SimpleGrid>
      <Group justify="space-between">
        <Group gap="xs">
          <CopyButton value={text}>
            {({ copied, copy }) => <Button variant="default" leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />} onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}
          </CopyButton>
          <Button component="a" href={file} download="togglecast-recovery-codes.txt" variant="default" leftSection={<IconDownload size={16} aria-hidden />}>Save as a file</Button>
        </Group>
        <Button onClick={onDone}>I have kept them</Button>
      </Group>
    </Stack>
  );
}
