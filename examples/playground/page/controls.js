// The form: every field of the configuration but the layers, the drawn points and the step.

export class Controls {
  // onChange is called with the name and the new text of a field.
  constructor(form, onChange) {
    this.form = form;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", ({ target }) => this.echo(target));
    form.addEventListener("change", ({ target }) => {
      if (target.type === "number") this.bound(target);
      onChange(target.name, target.value);
    });
  }

  // describe fills in what the lab says of its fields.
  describe(fields) {
    for (const element of this.form.elements) {
      const field = fields[element.name];
      if (!field) continue;
      if (element.dataset.steps) {
        for (const v of element.dataset.steps.split(" ")) this.option(element, v);
      } else if (element.tagName === "SELECT") {
        element.replaceChildren(...field.choices.map((c) => new Option(c.label, c.name)));
      } else {
        element.min = field.min;
        element.max = field.max;
      }
    }
  }

  option(select, value) {
    const zero = { clip: "off", l1: "none", l2: "none" };
    select.add(new Option(value === "0" ? zero[select.name] : value, value));
  }

  // bound brings a number within its bounds, or back to what it was.
  bound(input) {
    const v = Math.round(input.valueAsNumber);
    input.value = Number.isFinite(v) ? Math.max(input.min, Math.min(input.max, v)) : input.defaultValue;
  }

  // echo writes the value of a slider beside it.
  echo(input) {
    if (input.type === "range") input.nextElementSibling.value = input.name === "noise" ? (+input.value).toFixed(2) : `${Math.round(input.value * 100)} %`;
  }

  // show sets the form to a configuration.
  show(params) {
    for (const element of this.form.elements) {
      const value = params.get(element.name);
      if (value === null) continue;
      if (element.dataset.steps && ![...element.options].some((o) => o.value === value)) {
        this.option(element, value);
        const sorted = [...element.options].sort((a, b) => a.value - b.value);
        element.replaceChildren(...sorted);
      }
      element.value = value;
      element.defaultValue = value;
      this.echo(element);
    }
    const drawn = params.get("data") === "drawn";
    this.form.elements.noise.disabled = this.form.elements.rows.disabled = drawn;
    this.form.elements.schedulesteps.disabled = params.get("schedule") === "constant";
  }
}
