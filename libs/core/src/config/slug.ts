/** What tenants, sources, destinations and the like are called. */
export const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const SLUG_HELP = { message: '$property must be a slug: small letters, digits and dashes, at most 63' };
/** The id of a source or destination: `<tenant>/<name>`. */
export const SLUG_PAIR = /^[a-z0-9][a-z0-9-]{0,62}\/[a-z0-9][a-z0-9-]{0,62}$/;
