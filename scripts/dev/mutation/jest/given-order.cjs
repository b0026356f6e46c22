// Jest runs the test files in the order of the list: those first that likely notice the mutant.
const Sequencer = require("@jest/test-sequencer").default;

module.exports = class GivenOrder extends Sequencer {
  sort(tests) {
    const order = JSON.parse(process.env.COAGENT_MUTATION_ORDER ?? "[]");
    const place = ({ path }) => order.findIndex((file) => path.endsWith(file));
    return [...tests].sort((a, b) => place(a) - place(b));
  }
};
