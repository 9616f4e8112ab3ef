import { describeOnBoth } from './databases.ts';
import { keyPackageClaimsSuite } from './key-package-claims-suite.ts';
import { keyPackagesSuite } from './key-packages-suite.ts';

describeOnBoth('key packages', (freshUrl) => {
  keyPackagesSuite(freshUrl);
  keyPackageClaimsSuite(freshUrl);
});
