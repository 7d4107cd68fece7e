// Sends messages with simple-hl7, one connection each, and prints MSA-1 and MSA-2 of each answer.
const fs = require('fs');
const hl7 = require('simple-hl7');

const [host, port, ...files] = process.argv.slice(2);
const parser = new hl7.Parser();
const next = () => {
  const file = files.shift();
  if (!file) {
    process.exit(0);
  }
  const client = hl7.Server.createTcpClient({ host, port: Number(port), keepalive: false, callback: (err, ack) => {
    if (err) {
      console.error(err);
      process.exit(1);
    }
    const msa = ack.getSegment('MSA');
    console.log(String(msa.getField(1)), String(msa.getField(2)));
    next();
  } });
  client.send(parser.parse(fs.readFileSync(file, 'utf8')));
};
next();
