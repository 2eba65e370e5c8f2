import { serveTasks } from '../host/pool.ts';
import { evaluate } from './evaluate.ts';

serveTasks({ evaluate });
