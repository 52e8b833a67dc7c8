export const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const SLUG_HELP = { message: '$property must be a slug: small letters, digits and dashes, at most 63' };
