import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRouter, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { router } from "@/app/router";
import { Toasts } from "@/components/toasts";
import { cssVariablesResolver, theme } from "@/theme/theme";

/** The whole app at an address. */
export function open(address: string) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const own = createRouter({ ...router.options, history: createMemoryHistory({ initialEntries: [address] }) });
  return render(
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} env="test">
      <QueryClientProvider client={client}><Toasts><RouterProvider router={own as never} /></Toasts></QueryClientProvider>
    </MantineProvider>,
  );
}
