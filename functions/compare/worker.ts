import { serveTasks } from '../host/tasks.ts';
import { evaluate } from './evaluate.ts';

serveTasks({ evaluate });
