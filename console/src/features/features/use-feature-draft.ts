import { useEffect, useMemo, useState } from 'react';
import { dropDraft, draftOfEntity, keepDraft } from '../../shared/drafts';
import { useConsole } from '../../shared/console';
import { featureDraftOf, patchOf, rebase, type Feature, type FeatureDraft } from './flag-draft';

interface Form {
  /** The version that the draft began with. */
  base: Feature;
  draft: FeatureDraft;
}

/** The form of a feature. What is not saved stays while the reader looks at other pages, and the playground can try it. */
export function useFeatureDraft(feature: Feature) {
  const { environment, session } = useConsole();
  const owner = `${environment}/${session.admin.id}`;
  const [form, setForm] = useState<Form>(() => (draftOfEntity(owner, 'feature', feature.id)?.form as Form | undefined) ?? { base: feature, draft: featureDraftOf(feature) });
  let { base, draft } = form;
  // Somebody changed the feature: what the reader has not touched follows at once.
  let conflicting = false;
  if (feature.revision > base.revision) {
    const next = rebase(base, draft, feature);
    if (next) {
      [base, draft] = [feature, next];
      setForm({ base, draft });
    } else conflicting = true;
  }
  const { value: patch, problems } = useMemo(() => patchOf(base, draft), [base, draft]);
  const dirty = Object.keys(patch).length > 0;

  useEffect(() => {
    if (!dirty) dropDraft(owner, 'feature', feature.id);
    else keepDraft(owner, { entityType: 'feature', id: feature.id, name: base.name, form: { base, draft }, change: { entity_type: 'feature', entity_id: feature.id, action: 'update', data: patch } });
  }, [owner, feature.id, base, draft, patch, dirty]);

  return {
    base, draft, patch, problems, dirty,
    /** Somebody else changed the same members. */
    conflicting,
    set: (change: Partial<FeatureDraft>) => setForm((now) => ({ ...now, draft: { ...now.draft, ...change } })),
    /** Begins again with this version. */
    begin: (from: Feature) => setForm({ base: from, draft: featureDraftOf(from) }),
  };
}
export type FeatureForm = ReturnType<typeof useFeatureDraft>;
