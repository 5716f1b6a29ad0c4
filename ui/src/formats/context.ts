import { createContext, useContext } from "react";
import { formatsFor, type Formats } from "./formats";

export const FormatsContext = createContext<Formats>(
  formatsFor({ locale: "en-GB", currency: "EUR", zone: "UTC", now: new Date(0).toISOString() }),
);

export const useFormats = (): Formats => useContext(FormatsContext);
