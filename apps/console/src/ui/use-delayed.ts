import { useEffect, useState } from 'preact/hooks';

/** A value that follows another one when that has rested for a moment. */
export function useDelayed<T>(value: T, ms = 250): T {
  const [delayed, setDelayed] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return delayed;
}
