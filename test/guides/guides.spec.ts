import { blocksOf, makeOverlay, type Overlay } from './overlay.js';

/** The guides, followed word for word, one after the other, in a copy of the repository. */
const GUIDES = ['add-a-stage.md', 'add-a-destination.md', 'add-a-source.md'];
const SUITES = [
  'libs/screening',
  'libs/delivery/src/destinations/spool',
  'libs/delivery/src/destination-registry',
  'libs/ingestion/src/sources/quote-desk',
  'libs/ingestion/src/sources/source-kinds',
];

// To compile and test a copy of the repository takes minutes on a machine that has much else to do.
jest.setTimeout(900_000);

describe('the guides', () => {
  const blocks = GUIDES.flatMap(blocksOf);
  let overlay: Overlay;
  beforeAll(() => {
    overlay = makeOverlay();
    overlay.apply(blocks);
  });
  afterAll(() => overlay.remove());

  it('compile', async () => {
    await overlay.run('typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit');
  });

  it('keep the import rules', async () => {
    const config = ['--config', '.dependency-cruiser.mjs', '--ts-config', 'tsconfig.json'];
    await overlay.run('dependency-cruiser/bin/dependency-cruise.mjs', ...config, '--output-type', 'err-long', 'apps', 'libs');
  });

  it('pass their own tests', async () => {
    const output = await overlay.run('jest/bin/jest.js', '--ci', ...SUITES);
    expect(output).toMatch(/Test Suites: 6 passed, 6 total/);
  });

  it('are formatted as everything else', async () => {
    await overlay.run('prettier/bin/prettier.cjs', '--check', ...new Set(blocks.map(({ path }) => path)));
  });
});
