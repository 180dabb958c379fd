// The names of members, as readers know them from the forms.
const kNames: { [member: string]: string } = { defaultVariant: 'default variant', sub_features: 'sub-features', package_id: 'package', requires: 'requirements', enabled: 'switch', available: 'for sale', config: 'configuration' };

/** `maintenance_note` is "maintenance note". */
export const memberText = (member: string): string => kNames[member] ?? member.replaceAll('_', ' ');
