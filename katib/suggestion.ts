import { algorithmOf } from './algorithms/registry.ts';
import { main } from './suggestion/main.ts';

// Our algorithms as Katib's controller calls them, one such process for each search.
await main(algorithmOf);
