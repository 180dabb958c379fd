import { TagsInput } from '@mantine/core';

/** Tags of a feature. They are stored as one text, so that none has a comma. */
export function TagsField({ tags, known, onChange, readOnly = false }: { tags: string[]; known: string[]; onChange: (tags: string[]) => void; readOnly?: boolean }) {
  return (
    <TagsInput label="Tags" data={known} readOnly={readOnly} value={tags} splitChars={[',']} placeholder={tags.length ? '' : 'No tags'}
      onChange={(next) => onChange([...new Set(next.flatMap((tag) => tag.split(',')).map((tag) => tag.trim()).filter(Boolean))])} />
  );
}
