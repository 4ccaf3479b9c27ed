/** A power cut at any moment of lives that are about segments that begin and go, and promises. */

import { crashSuite } from './crash-suite.ts';

crashSuite(['segmentRoll', 'purges', 'acceptedEpochs', 'currentEpochs'], 5000);
