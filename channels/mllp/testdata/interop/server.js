// Answers every message with the ACK that simple-hl7 makes, and prints MSH-10. Ends with its standard input.
const hl7 = require('simple-hl7');
const net = require('net');

const probe = net.createServer().listen(0, '127.0.0.1', () => {
  const port = probe.address().port;
  probe.close(() => {
    const app = hl7.tcp();
    app.use((req, res, next) => {
      console.log(String(req.msg.header.getField(8)));
      res.end();
    });
    app.start(port);
    console.log('port', port);
  });
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
