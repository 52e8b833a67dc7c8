import config from './jest.config.js';

/** npm run test:faults. The long run of the soak is a program of its own: npm run soak. */
export default { ...config, roots: ['<rootDir>/test/faults'], testPathIgnorePatterns: ['/node_modules/', '/test/faults/soak/soak\\.spec'] };
