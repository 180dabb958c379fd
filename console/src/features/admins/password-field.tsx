import { Anchor, Group, PasswordInput, Text } from '@mantine/core';

const kLetters = 'abcdefghijkmnpqrstuvwxyz23456789'; // without what looks alike

/** A password of 100 random bits, for a first login. */
export function randomPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  const text = [...bytes].map((byte) => kLetters[byte % kLetters.length]).join('');
  return text.replace(/(.{5})(?=.)/g, '$1-');
}

/** A password that an owner gives to somebody else. */
export function PasswordField({ value, onChange, error, visible, onVisible }: { value: string; onChange: (password: string) => void; error?: React.ReactNode; visible: boolean; onVisible: (visible: boolean) => void }) {
  return (
    <PasswordInput label="Password" autoComplete="new-password" value={value} onChange={(event) => onChange(event.currentTarget.value)} error={error} visible={visible} onVisibilityChange={onVisible}
      description={
        <Group component="span" gap={6} display="inline-flex">
          <Text span inherit>At least 8 characters. You give it to the person.</Text>
          <Anchor component="button" type="button" inherit underline="always" onClick={() => {
            onChange(randomPassword());
            onVisible(true);
          }}>Make one</Anchor>
        </Group>
      } />
  );
}
