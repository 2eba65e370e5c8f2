import { main } from '../../../katib/suggestion/main.ts';
import { algorithmOf } from './algorithms.ts';

await main(algorithmOf);
