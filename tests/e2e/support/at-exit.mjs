// Loaded before every test file. When Node has nothing more to do it frees its environment, and sometimes never comes to the
// end of that (nodejs/node#47748). A process that exits by itself leaves that to the kernel.
process.once('beforeExit', () => process.on('exit', () => process.exit()));
