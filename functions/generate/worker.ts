import { moved, serveTasks } from '../host/tasks.ts';
import { generateSplit } from './split.ts';

serveTasks({
  generateSplit: (input: Parameters<typeof generateSplit>[0]) => {
    const generated = generateSplit(input);
    return moved(generated, generated.file.buffer instanceof ArrayBuffer ? [generated.file.buffer] : []);
  },
});
