import { clientsSuite } from './clients-suite.ts';
import { describeOnBoth } from './databases.ts';
import { prekeysSuite } from './prekeys-suite.ts';
import { propertiesSuite } from './properties-suite.ts';

describeOnBoth('clients, prekeys and properties', (freshUrl) => {
  clientsSuite(freshUrl);
  prekeysSuite(freshUrl);
  propertiesSuite(freshUrl);
});
