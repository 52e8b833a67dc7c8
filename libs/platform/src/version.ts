/** The version of package.json, which a test compares: reading that file at run time would need a path that differs between build and test. */
export const VERSION = '0.1.0';
